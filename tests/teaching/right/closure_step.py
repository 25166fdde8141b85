from torch import optim as o, linalg

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    x = initial_theta.detach().clone().requires_grad_(True)
    opt = o.SGD([x], lr=learning_rate)
    def closure():
        opt.zero_grad()
        l = x ** 2
        l.backward()
        return l
    for _ in range(number_steps):
        opt.step(closure)
    return x.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    x = initial_theta.detach().clone().requires_grad_(True)
    opt = o.SGD([x], lr=learning_rate)
    def closure():
        opt.zero_grad()
        l = linalg.norm(x) ** 2
        l.backward()
        return l
    for _ in range(number_steps):
        opt.step(closure)
    return x.detach()
