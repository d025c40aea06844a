#include "stoa/io/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace stoa::io {

struct Metrics::Impl {
    prometheus::Registry registry;
};

void Counter::add(double amount) const {
    it_->Increment(amount);
}
double Counter::value() const {
    return it_->Value();
}
void Gauge::set(double value) const {
    it_->Set(value);
}
void Gauge::add(double amount) const {
    it_->Increment(amount);
}
double Gauge::value() const {
    return it_->Value();
}
void Histogram::observe(double value) const {
    it_->Observe(value);
}

std::vector<double> latency_buckets() {
    return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    return Counter(
        prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    return Gauge(
        prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                             const std::vector<double>& bounds) {
    return Histogram(prometheus::BuildHistogram()
                         .Name(name)
                         .Help(help)
                         .Register(impl_->registry)
                         .Add(labels, bounds));
}

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace stoa::io
