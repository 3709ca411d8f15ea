"""What an operator watches: figures for Prometheus, and whether Parley works. Numbers alone, nobody's name."""
