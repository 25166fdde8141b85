import numpy as np
import torch


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = torch.tensor(initial_theta, dtype=torch.float64, requires_grad=True)
    out = [theta.item()]
    for _ in range(number_steps):
        loss = theta ** 2
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        theta.grad.zero_()
        out.append(theta.item())
    return np.array(out)
