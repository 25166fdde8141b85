import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_(True)
    for _ in range(number_steps):
        loss = (theta ** 2).sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        theta.grad.zero_()
    return theta.detach()


if __name__ == "__main__":
    print(gradient_descent_torch_autograd(torch.tensor([1.0, -2.0]), 0.1, 10))
