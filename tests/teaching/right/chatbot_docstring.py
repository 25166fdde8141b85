import torch
from typing import Optional


def gradient_descent_torch_optimiser(
    initial_theta: torch.Tensor,
    learning_rate: float,
    number_steps: int,
) -> torch.Tensor:
    """
    Performs gradient descent on the function L(theta) = theta^2 using PyTorch's built-in
    SGD optimiser.

    Args:
        initial_theta (torch.Tensor): The starting point of the optimisation.
        learning_rate (float): The step size for each update.
        number_steps (int): The number of gradient descent iterations.

    Returns:
        torch.Tensor: The value of theta after the optimisation has finished.

    Example:
        >>> gradient_descent_torch_optimiser(torch.tensor(1.0), 0.1, 1)
        tensor(0.8000)
    """
    # Create a leaf tensor that requires gradients
    theta = initial_theta.clone().detach().requires_grad_(True)

    # Initialise the optimiser
    optimiser = torch.optim.SGD([theta], lr=learning_rate)

    for _ in range(number_steps):
        optimiser.zero_grad()  # Reset gradients
        loss = theta.pow(2).sum()  # Compute the loss
        loss.backward()  # Backpropagate
        optimiser.step()  # Update theta

    # Return the final value, detached from the computation graph
    return theta.detach()


def gradient_descent_norm_torch_optimiser(
    initial_theta: torch.Tensor,
    learning_rate: float,
    number_steps: int,
) -> torch.Tensor:
    """
    Performs gradient descent on the squared L2 norm, L(theta) = ||theta||_2^2.

    The gradient is 2 * theta, so each step multiplies theta by (1 - 2 * learning_rate).
    """
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimiser = torch.optim.SGD([theta], lr=learning_rate)

    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = torch.norm(theta, p=2).pow(2)
        loss.backward()
        optimiser.step()

    return theta.detach()
