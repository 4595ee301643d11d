package recipe

var objects []example
