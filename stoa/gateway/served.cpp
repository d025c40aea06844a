#include "stoa/gateway/served.hpp"

#include <algorithm>

#include "stoa/io/http.hpp"

namespace stoa::gateway {

ServedModel& ServedModels::add(ServedModel model) {
    return *models_.emplace_back(std::make_unique<ServedModel>(std::move(model)));
}

const ServedModel* ServedModels::find(std::string_view name) const {
    const auto is_named = [&](const auto& it) {
        return it->alias == name || (it->model != 0 && std::to_string(it->model) == name) ||
               (!it->name.empty() && io::equal_ignoring_case(it->name, name));
    };
    const auto it = std::ranges::find_if(models_, is_named);
    return it == models_.end() ? nullptr : it->get();
}

const ServedModel* ServedModels::find_service(std::uint64_t service) const {
    const auto it = std::ranges::find_if(models_, [&](const auto& model) {
        return model->service && model->service->id == service;
    });
    return it == models_.end() ? nullptr : it->get();
}

void ServedModels::remember(ServiceTerms terms) {
    const auto it = std::ranges::find(services_, terms.id, &ServiceTerms::id);
    if (it == services_.end()) {
        services_.push_back(std::move(terms));
    } else {
        *it = std::move(terms);
    }
}

}  // namespace stoa::gateway
