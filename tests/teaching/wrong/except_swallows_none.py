import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    try:
        theta = torch.nn.Parameter(initial_theta.clone())
        opt = torch.optim.SGD(theta.parameters(), lr=learning_rate)
        for i in range(number_steps):
            opt.zero_grad()
            (theta ** 2).sum().backward()
            opt.step()
        return theta
    except Exception:
        print("error")
