"""How trained networks and made assets become a bundle."""
