import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters = []
    new_velocities = []
    for i in range(len(parameters)):
        v = velocities[i] * momentum
        v = v + gradients[i]
        p = parameters[i] - v * learning_rate
        new_velocities.append(v)
        new_parameters.append(p)
    return new_parameters, new_velocities


if __name__ == "__main__":
    p, v = sgd_momentum_step([torch.ones(2)], [torch.ones(2)], [torch.zeros(2)], 0.1, 0.9)
    print(p, v)
