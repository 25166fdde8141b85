import torch
import torch.nn.functional as F

def loss_fn(theta: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(theta, torch.zeros_like(theta), reduction="sum")

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.detach().clone(), requires_grad=True)
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    losses = torch.empty(number_steps)
    for i, _ in enumerate(losses):
        optimiser.zero_grad()
        loss = loss_fn(theta)
        losses[i] = loss.detach()
        loss.backward()
        optimiser.step()
    return theta.clone().detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gradient_descent_torch_optimiser(initial_theta=initial_theta, learning_rate=learning_rate, number_steps=number_steps)
