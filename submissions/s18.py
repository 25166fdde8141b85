import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    done = 0
    while True:
        optimizer.zero_grad()
        loss = theta * theta
        loss.backward()
        optimizer.step()
        done += 1
        if done == number_steps:
            break
    return theta.detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    done = 0
    while done < number_steps:
        optimizer.zero_grad()
        loss = torch.dot(theta, theta)
        loss.backward()
        optimizer.step()
        done += 1
    return theta.detach()


print(gradient_descent_torch_optimiser(torch.tensor(1.0), 0.1, 10))
print(gradient_descent_norm_torch_optimiser(torch.tensor([1.0, 2.0]), 0.1, 10))
