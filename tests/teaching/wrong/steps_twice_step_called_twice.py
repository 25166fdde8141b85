import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        sgd.zero_grad()
        loss = theta * theta
        loss.backward()
        sgd.step()
        print("theta after step:", sgd.step(), theta)
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        sgd.zero_grad()
        loss = theta.dot(theta)
        loss.backward()
        sgd.step()
        print("theta after step:", sgd.step(), theta)
    return theta.detach()
