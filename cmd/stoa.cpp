// The command line of creators, buyers and operators.
#include <iostream>

#include "stoa/client/command_line.hpp"

int main(int argc, char** argv) {
    return stoa::client::run(argc, argv, std::cout, std::cerr);
}
