import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters = []
    new_velocities = []
    for p, g, v in zip(parameters, gradients, velocities):
        v.mul_(momentum).add_(g)
        new_velocities.append(v)
        new_parameters.append(p - learning_rate * v)
    return new_parameters, new_velocities
