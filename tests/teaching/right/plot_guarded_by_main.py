import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        y = theta**2
        y.backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        y = theta.norm()**2
        y.backward()
        optimizer.step()
    return theta.detach()

if __name__ == "__main__":
    import matplotlib.pyplot as plt
    xs = [gradient_descent_torch_optimiser(torch.tensor(3.), 0.1, n).item() for n in range(30)]
    plt.plot(xs, "o-")
    plt.xlabel("steps")
    plt.ylabel("theta")
    plt.show()
