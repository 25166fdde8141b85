import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(0, number_steps, 2):
        sgd.zero_grad()
        loss = theta * theta
        loss.backward()
        sgd.step()
    return theta.detach()
