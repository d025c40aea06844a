// How much memory a node keeps while nobody calls: the marketplace of `./dev up --fast` on a folder
// of its own, its models open in their workers, which are not counted, as the chain is not.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "bench/figure.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

unsigned short free_port() {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor acceptor(context,
                                                  {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
}

/// With its output on stderr, where it is out of the way of the figures.
void dev(const std::string& arguments) {
    if (std::system(("./dev " + arguments + " >&2").c_str()) != 0) {
        throw std::runtime_error("./dev " + arguments + " failed");
    }
}

class Market {
  public:
    Market() {
        dev("up --detach --fast --port " + std::to_string(free_port()) + " --data " + data());
    }
    ~Market() {
        try {
            dev("down --data " + data());
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
        }
    }
    Market(const Market&) = delete;

    int pid() const {
        int pid = 0;
        std::ifstream(folder_.path() / "run/stoad.pid") >> pid;
        return pid;
    }

  private:
    std::string data() const { return folder_.path().string(); }

    Folder folder_;
};

double resident_megabytes(int pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
    }
    throw std::runtime_error("the node does not run");
}

}  // namespace

std::vector<Figure> idle() {
    const Market market;
    return {{"idle node, resident",
             resident_megabytes(market.pid()),
             "MiB",
             Bound::at_most,
             60,
             "",
             {}}};
}

}  // namespace stoa::bench
