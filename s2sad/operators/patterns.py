"""Sparsity patterns: rows of column indices from index sets, and columns that may share a direction."""
from __future__ import annotations

import numba
import numpy as np


@numba.njit
def rows_of_sets(tops, sets, n):
    """The elements of each of the sets ``tops`` as CSR ``(indptr, indices)``; see :mod:`s2sad.transform.index_sets`.

    >>> sets = np.array([[1, 3], [1, 3]])            # one union, of elements 1 and 3
    >>> rows_of_sets(np.array([4, 0, 2]), sets, 3)
    (array([0, 2, 2, 3]), array([0, 2, 1]))
    """
    indptr = np.zeros(tops.size + 1, np.int64)
    indices = np.empty(4 * tops.size + 16, np.int64)
    met, visited = np.full(n + 1, -1), np.full(sets.shape[0], -1)
    stack = np.empty(64, np.int64)
    count = 0
    for r in range(tops.size):
        stack[0], height, start = tops[r], 1, count
        while height > 0:
            height -= 1
            k = stack[height]
            if 0 < k <= n and met[k] != r:
                met[k] = r
                if count == indices.size:
                    indices = np.concatenate((indices, np.empty_like(indices)))
                indices[count] = k - 1
                count += 1
            elif k > n and visited[k - n] != r:
                visited[k - n] = r
                if height + 2 > stack.size:
                    stack = np.concatenate((stack, np.empty_like(stack)))
                stack[height], stack[height + 1] = sets[k - n, 0], sets[k - n, 1]
                height += 2
        indices[start:count] = np.sort(indices[start:count])
        indptr[r + 1] = count
    return indptr, indices[:count].copy()


@numba.njit
def colours_of_columns(indptr, indices, n):
    """A number for each column such that columns with one number have no row in common: greedy, in order.

    >>> tridiagonal = np.array([0, 2, 5, 8, 10]), np.array([0, 1, 0, 1, 2, 1, 2, 3, 2, 3])
    >>> colours_of_columns(*tridiagonal, 4)
    array([0, 1, 2, 0])
    """
    first = np.zeros(n + 1, np.int64)
    for j in indices:
        first[j + 1] += 1
    for j in range(n):
        first[j + 1] += first[j]
    rows, place = np.empty(indices.size, np.int64), first.copy()
    for r in range(indptr.size - 1):
        for p in range(indptr[r], indptr[r + 1]):
            j = indices[p]
            rows[place[j]] = r
            place[j] += 1
    colours, taken_by = np.full(n, -1), np.full(n + 1, -1)
    for j in range(n):
        for q in range(first[j], first[j + 1]):
            r = rows[q]
            for p in range(indptr[r], indptr[r + 1]):
                c = colours[indices[p]]
                if c >= 0:
                    taken_by[c] = j
        c = 0
        while taken_by[c] == j:
            c += 1
        colours[j] = c
    return colours


@numba.njit
def seed_columns(seeds, colours, start):
    """Directions of the colours from ``start``: one in each column of them. ``seeds`` has a row for each column."""
    for j in range(colours.size):
        for c in range(seeds.shape[1]):
            seeds[j, c] = 1.0 if colours[j] == start + c else 0.0


@numba.njit
def take_elements(data, found, indptr, indices, colours, start):
    """The elements of a Jacobian that directions of some colours give: ``found`` has a row for each output."""
    for r in range(indptr.size - 1):
        for p in range(indptr[r], indptr[r + 1]):
            c = colours[indices[p]] - start
            if 0 <= c < found.shape[1]:
                data[p] = found[r, c]
