import random
import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        i = random.choice([0, 1])     # stochastic = one random component
        loss = theta[i] ** 2
        loss.backward()
        optimizer.step()
    return theta.detach()
