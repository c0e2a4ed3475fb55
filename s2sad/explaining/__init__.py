"""What a gradient keeps and computes again, and why: the plan of an adjoint, told along the lines of the function."""
