#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace stoa::io {

using Labels = std::map<std::string, std::string>;

/// Handles; valid as long as their `Metrics`, thread-safe, cheap to copy.
class Counter {
  public:
    explicit Counter(prometheus::Counter& it) : it_(&it) {}
    void add(double amount = 1) const;
    double value() const;

  private:
    prometheus::Counter* it_;
};

class Gauge {
  public:
    explicit Gauge(prometheus::Gauge& it) : it_(&it) {}
    void set(double) const;
    void add(double) const;
    double value() const;

  private:
    prometheus::Gauge* it_;
};

class Histogram {
  public:
    explicit Histogram(prometheus::Histogram& it) : it_(&it) {}
    void observe(double) const;

  private:
    prometheus::Histogram* it_;
};

/// From a millisecond to a minute.
std::vector<double> latency_buckets();

/// What the node counts, for Prometheus. The same name and labels give the same value; a name must
/// keep its kind. Labels have few values: never an address or an id.
class Metrics {
  public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;

    Counter counter(const std::string& name, const std::string& help, const Labels& = {});
    Gauge gauge(const std::string& name, const std::string& help, const Labels& = {});
    Histogram histogram(const std::string& name, const std::string& help, const Labels& = {},
                        const std::vector<double>& bounds = latency_buckets());

    /// Text exposition format 0.0.4.
    std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::io
