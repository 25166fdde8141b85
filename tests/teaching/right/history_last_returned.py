import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    history = [initial_theta.clone()]
    losses = []
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for k in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        losses.append(loss.item())
        loss.backward()
        opt.step()
        history.append(theta.detach().clone())
    return history[-1]

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    history = torch.zeros(number_steps + 1, 2, dtype=initial_theta.dtype)
    history[0] = initial_theta
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for k in range(number_steps):
        opt.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        opt.step()
        history[k + 1] = theta.detach()
    return history[number_steps]
