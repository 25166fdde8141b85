import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    x = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([x], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = torch.linalg.norm(x, ord=float("inf")) ** 2
        loss.backward()
        opt.step()
    return x.detach()
