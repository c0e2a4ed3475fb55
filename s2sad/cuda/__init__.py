"""CUDA: adjoint and tangent kernels of ``numba.cuda`` kernels, and derivatives of functions that launch them."""
from s2sad.cuda.host import Pullback, value_and_grad, vjp
from s2sad.cuda.launch import CudaKernel

__all__ = ["CudaKernel", "Pullback", "value_and_grad", "vjp"]
