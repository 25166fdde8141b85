import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    history = []
    for _ in range(number_steps):
        opt.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        opt.step()
        history.append(theta.detach().clone())
    return history[-1]
