import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        loss = theta ** 2
        loss.backward()
        opt.step()
        theta = theta.detach().clone().requires_grad_()   # fresh gradient
    return theta.detach()
