import torch
# the derivative of theta^2 is 2*theta, we don't need autograd for that!
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad = 2 * theta
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        theta.grad = 2 * theta
        opt.step()
    return theta
