import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps, thetas=[]):
    if not thetas:
        thetas.append(initial_theta.clone())
    theta = thetas[-1].clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
        thetas.append(theta.detach().clone())
    return thetas[-1]
