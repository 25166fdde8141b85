import torch

def loss(theta):
    match theta.dim():
        case 0:
            return theta ** 2
        case 1:
            return theta @ theta
        case _:
            raise ValueError("theta must be a number or a vector")

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (value := loss(theta)).backward()
        optimizer.step()
        print(f"{value=}")
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps)
