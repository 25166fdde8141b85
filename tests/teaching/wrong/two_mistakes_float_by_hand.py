import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.tensor([float(initial_theta[0]), float(initial_theta[1])], requires_grad=True)
    for _ in range(number_steps):
        loss = (theta ** 2).sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        theta.grad.zero_()
    return theta.detach()
