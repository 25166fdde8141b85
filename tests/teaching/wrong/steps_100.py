import torch
import torch.optim as optim

num_epochs = 100

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = optim.SGD([theta], lr=learning_rate)
    for epoch in range(num_epochs):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
        if epoch % 20 == 0:
            print("epoch", epoch, "loss", loss.item())
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = optim.SGD([theta], lr=learning_rate)
    for epoch in range(number_steps):
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimizer.step()
    return theta
