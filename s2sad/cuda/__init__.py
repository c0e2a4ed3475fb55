"""CUDA: adjoint and tangent kernels of ``numba.cuda`` kernels."""
from s2sad.cuda.launch import CudaKernel

__all__ = ["CudaKernel"]
