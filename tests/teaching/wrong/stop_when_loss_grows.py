import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    previous = float("inf")
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        if loss.item() >= previous:
            break
        previous = loss.item()
        loss.backward()
        optimizer.step()
    return theta.detach()
