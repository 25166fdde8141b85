import torch

# ---------- Exercice 4 ----------

def une_etape(theta, optimiseur, perte):
    # 1) remettre les gradients à zéro
    optimiseur.zero_grad()
    # 2) calculer la perte
    valeur = perte(theta)
    # 3) rétropropagation
    valeur.backward()
    # 4) mise à jour
    optimiseur.step()
    return valeur

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiseur = torch.optim.SGD([theta], lr=learning_rate)
    for etape in range(number_steps):
        une_etape(theta, optimiseur, lambda t: t**2)
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiseur = torch.optim.SGD([theta], lr=learning_rate)
    for etape in range(number_steps):
        une_etape(theta, optimiseur, lambda t: torch.sum(t**2))
    return theta
