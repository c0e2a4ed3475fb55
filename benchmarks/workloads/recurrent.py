"""The recurrent network of the ADBench suite: gates with a weight for each unit, two layers, a sequence of texts."""
import math

import numpy as np

from workloads.case import Workload


def lstm(main, extra, state, sequence):
    layers = main.shape[0] // 2
    h = state.shape[1]
    length = sequence.shape[0]
    st = state.copy()
    x = np.empty(h)
    y = np.empty(h)
    total = 0.0
    for t in range(length - 1):
        for a in range(h):
            x[a] = sequence[t, a] * extra[0, a]
        for layer in range(layers):
            w = main[2 * layer]
            b = main[2 * layer + 1]
            for a in range(h):
                hidden = st[2 * layer, a]
                cell = st[2 * layer + 1, a]
                f = 1.0 / (1.0 + math.exp(-(x[a] * w[a] + b[a])))
                i = 1.0 / (1.0 + math.exp(-(hidden * w[h + a] + b[h + a])))
                o = 1.0 / (1.0 + math.exp(-(x[a] * w[2 * h + a] + b[2 * h + a])))
                g = math.tanh(hidden * w[3 * h + a] + b[3 * h + a])
                cell = cell * f + i * g
                st[2 * layer + 1, a] = cell
                st[2 * layer, a] = o * math.tanh(cell)
                x[a] = st[2 * layer, a]
        s = 2.0
        for a in range(h):
            y[a] = x[a] * extra[1, a] + extra[2, a]
            s += math.exp(y[a])
        log_s = math.log(s)
        for a in range(h):
            total += sequence[t + 1, a] * (y[a] - log_s)
    return -total / ((length - 1) * h)


def by_hand(main, extra, state, sequence):
    """The results of the transcendental functions are kept, eight numbers for each cell and step."""
    layers = main.shape[0] // 2
    h = state.shape[1]
    steps = sequence.shape[0] - 1
    st = state.copy()
    kept = np.empty((steps, layers, 8, h))           # input, hidden, cell, f, i, o, g, tanh of the new cell
    softmax = np.empty((steps, h))
    outputs = np.empty((steps, h))
    x = np.empty(h)
    for t in range(steps):
        for a in range(h):
            x[a] = sequence[t, a] * extra[0, a]
        for layer in range(layers):
            w, b, k = main[2 * layer], main[2 * layer + 1], kept[t, layer]
            for a in range(h):
                hidden, cell = st[2 * layer, a], st[2 * layer + 1, a]
                f = 1.0 / (1.0 + math.exp(-(x[a] * w[a] + b[a])))
                i = 1.0 / (1.0 + math.exp(-(hidden * w[h + a] + b[h + a])))
                o = 1.0 / (1.0 + math.exp(-(x[a] * w[2 * h + a] + b[2 * h + a])))
                g = math.tanh(hidden * w[3 * h + a] + b[3 * h + a])
                new = cell * f + i * g
                bent = math.tanh(new)
                k[0, a], k[1, a], k[2, a], k[3, a], k[4, a], k[5, a], k[6, a], k[7, a] = (x[a], hidden, cell, f, i, o,
                                                                                           g, bent)
                st[2 * layer + 1, a] = new
                st[2 * layer, a] = o * bent
                x[a] = o * bent
        s = 2.0
        for a in range(h):
            outputs[t, a] = x[a]
            softmax[t, a] = math.exp(x[a] * extra[1, a] + extra[2, a])
            s += softmax[t, a]
        for a in range(h):
            softmax[t, a] /= s
    seed = -1.0 / (steps * h)
    b_main = np.zeros_like(main)
    b_extra = np.zeros_like(extra)
    b_st = np.zeros_like(state)
    b_x = np.empty(h)
    for t in range(steps - 1, -1, -1):
        mass = 0.0
        for a in range(h):
            mass += sequence[t + 1, a]
        for a in range(h):
            b_y = seed * (sequence[t + 1, a] - mass * softmax[t, a])
            b_extra[1, a] += b_y * outputs[t, a]
            b_extra[2, a] += b_y
            b_x[a] = b_y * extra[1, a]
        for layer in range(layers - 1, -1, -1):
            w, b_w, b_b, k = main[2 * layer], b_main[2 * layer], b_main[2 * layer + 1], kept[t, layer]
            for a in range(h):
                f, i, o, g, bent = k[3, a], k[4, a], k[5, a], k[6, a], k[7, a]
                b_new = b_x[a] + b_st[2 * layer, a]
                b_o = b_new * bent * o * (1.0 - o)
                b_cell = b_st[2 * layer + 1, a] + b_new * o * (1.0 - bent * bent)
                b_f = b_cell * k[2, a] * f * (1.0 - f)
                b_i = b_cell * g * i * (1.0 - i)
                b_g = b_cell * i * (1.0 - g * g)
                b_w[a] += b_f * k[0, a]
                b_b[a] += b_f
                b_w[h + a] += b_i * k[1, a]
                b_b[h + a] += b_i
                b_w[2 * h + a] += b_o * k[0, a]
                b_b[2 * h + a] += b_o
                b_w[3 * h + a] += b_g * k[1, a]
                b_b[3 * h + a] += b_g
                b_x[a] = b_f * w[a] + b_o * w[2 * h + a]
                b_st[2 * layer, a] = b_i * w[h + a] + b_g * w[3 * h + a]
                b_st[2 * layer + 1, a] = b_cell * f
        for a in range(h):
            b_extra[0, a] += b_x[a] * sequence[t, a]
    return b_main, b_extra


def arguments(small):
    layers, h, length = (2, 3, 5) if small else (2, 14, 1024)
    rng = np.random.default_rng(0)
    return (rng.normal(size=(2 * layers, 4 * h)), rng.normal(size=(3, h)), rng.normal(size=(2 * layers, h)),
            rng.integers(0, 2, (length, h)).astype(np.float64))


WORKLOADS = [Workload("LSTM, 2 layers, 1024 characters", lstm, arguments, ("main", "extra"), by_hand, reach=1.15)]
