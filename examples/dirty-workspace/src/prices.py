def price(count):
<<<<<<< HEAD
    return count * 19
=======
    return count * 21
>>>>>>> raise-prices
