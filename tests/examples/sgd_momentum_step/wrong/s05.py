def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_v = [momentum * v + g for g, v in zip(gradients, velocities)]
    new_p = [p - learning_rate * v for p, v in zip(parameters, new_v)]
    return new_v, new_p
