from functools import reduce
import torch


def make_step(loss, learning_rate):
    def step(theta, _):
        theta = theta.detach().requires_grad_()
        sgd = torch.optim.SGD([theta], lr=learning_rate)
        loss(theta).backward()
        sgd.step()
        return theta
    return step


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return reduce(make_step(lambda t: t * t, learning_rate), range(number_steps), initial_theta.clone()).detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return reduce(make_step(lambda t: t @ t, learning_rate), range(number_steps), initial_theta.clone()).detach()
