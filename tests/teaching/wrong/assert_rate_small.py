import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    assert learning_rate < 0.5, "learning rate too large"
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
    return theta
