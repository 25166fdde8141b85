import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    # step 0 is the initial value, so start counting at 1
    for i in range(1, number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta.data

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(1, number_steps):
        optimizer.zero_grad()
        loss = theta[0] ** 2 + theta[1] ** 2
        loss.backward()
        optimizer.step()
    return theta.data


theta = gradient_descent_torch_optimiser(torch.tensor(4.0), 0.1, 50)
print("theta after 50 steps:", theta)   # nearly 0, looks good
