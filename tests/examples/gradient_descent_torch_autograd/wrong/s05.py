import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone()
    theta.requires_grad = True
    for _ in range(number_steps):
        loss = (theta ** 2).mean()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        theta.grad = None
    return theta.detach()


# test
# t = torch.tensor([1., 2., 3.])
# print(gradient_descent_torch_autograd(t, 0.1, 50))
