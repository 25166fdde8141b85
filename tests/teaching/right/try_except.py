import sys

try:
    import torch
except ImportError:
    sys.exit("please install torch")

try:
    from tqdm import trange
except ImportError:
    trange = range


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    try:
        theta = torch.nn.Parameter(initial_theta.clone())
        opt = torch.optim.SGD([theta], lr=learning_rate)
        for _ in trange(number_steps):
            opt.zero_grad()
            loss = theta ** 2
            loss.backward()
            opt.step()
    except RuntimeError as e:
        print("something went wrong:", e)
        raise
    else:
        return theta


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    try:
        theta = torch.nn.Parameter(initial_theta.clone())
        opt = torch.optim.SGD([theta], lr=learning_rate)
        for _ in trange(number_steps):
            opt.zero_grad()
            loss = torch.norm(theta, p=2) ** 2
            loss.backward()
            opt.step()
        return theta
    finally:
        print("done")
