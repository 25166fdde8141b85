import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    for p, g, v in zip(parameters, gradients, velocities):
        new_parameters, new_velocities = [], []
        v = momentum * v + g
        p = p - learning_rate * v
        new_parameters.append(p)
        new_velocities.append(v)
    return new_parameters, new_velocities
