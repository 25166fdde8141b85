import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta.pow(2)
        loss.backward()
        theta.grad.sign_()
        opt.step()
    return theta.detach()
