import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Optimizer


def _paso(opt: Optimizer, theta: Parameter) -> float:
    opt.zero_grad(set_to_none=True)
    perdida: Tensor = torch.sum(torch.mul(theta, theta))
    perdida.backward()
    opt.step()
    return perdida.item()


def gradient_descent_torch_optimiser(initial_theta: Tensor, learning_rate: float, number_steps: int) -> Tensor:
    """Descenso de gradiente sobre θ². Devuelve el θ final."""
    theta: Parameter = Parameter(initial_theta.detach().clone())
    opt: SGD = SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        _paso(opt, theta)
    return theta


gradient_descent_norm_torch_optimiser = gradient_descent_torch_optimiser  # la suma sirve para los dos casos
