import torch
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    initial_theta.requires_grad_(True)
    opt = torch.optim.SGD([initial_theta], learning_rate)
    for i in range(number_steps):
        L = initial_theta*initial_theta
        L.backward()
        opt.step()
        opt.zero_grad()
    return initial_theta
def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    initial_theta.requires_grad = True
    opt = torch.optim.SGD([initial_theta], learning_rate)
    for i in range(number_steps):
        L = initial_theta[0]**2 + initial_theta[1]**2
        L.backward()
        opt.step()
        opt.zero_grad()
    return initial_theta
