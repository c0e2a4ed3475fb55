"""CUDA: adjoint and tangent kernels of ``numba.cuda`` kernels."""
