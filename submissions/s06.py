import torch
import torch.optim as optim

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
  theta = initial_theta.detach().clone()
  for k in range(number_steps):
    # fresh leaf every step so the old gradient cannot stay
    theta = theta.detach().requires_grad_()
    sgd = optim.SGD([theta], lr = learning_rate)
    L = theta.pow(2)
    L.backward()
    sgd.step()
  return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
  theta = initial_theta.detach().clone()
  for k in range(number_steps):
    theta = theta.detach().requires_grad_()
    sgd = optim.SGD([theta], lr = learning_rate)
    L = torch.norm(theta)**2       # ||theta||^2
    L.backward()
    sgd.step()
  return theta.detach()

# tests
#print(gradient_descent_torch_optimiser(torch.tensor([5.]), 0.1, 3))
#print(gradient_descent_norm_torch_optimiser(torch.tensor([3., 4.]), 0.1, 3))
