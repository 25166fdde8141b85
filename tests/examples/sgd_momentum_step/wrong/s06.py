import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    """one step of SGD with momentum"""
    new_velocities = [momentum * v + g for v, g in zip(velocities, gradients)]
    new_parameters = [p - learning_rate * v for p, v in zip(parameters, velocities)]
    return new_parameters, new_velocities
