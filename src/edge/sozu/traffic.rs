//! Sōzu's metrics of each process.

use super::{Sozu, SozuError, request_name};
use crate::edge::render::PORTAL_CLUSTER;
use sozu_command_lib::proto::command::{
    BackendMetrics, FilteredMetrics, MetricDetail, QueryMetricsOptions, SetMetricDetail, filtered_metrics::Inner,
    request::RequestType, response_content::ContentType,
};
use std::collections::BTreeMap;

/// How long Sōzu counts by backend after a request for it.
const METRIC_DETAIL_SECONDS: u32 = 60;

/// Metrics of one process, over all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub requests: u64,
    /// Answers with a status of 500 or above, and connections that failed.
    pub errors: u64,
    /// Median time to an answer, milliseconds.
    pub p50_ms: u64,
    /// 99th percentile of it, milliseconds.
    pub p99_ms: u64,
}

impl Sozu {
    /// Metrics by backend of the portal. After the first call Sōzu begins to count by backend.
    pub async fn traffic(&self) -> Result<BTreeMap<String, Traffic>, SozuError> {
        let lease = SetMetricDetail {
            client_id: format!("guichet-edge:{}", std::process::id()),
            detail: Some(MetricDetail::DetailBackend.into()),
            ttl_seconds: Some(METRIC_DETAIL_SECONDS),
            reason: Some("guichet edge".into()),
            ..SetMetricDetail::default()
        };
        self.call(RequestType::SetMetricDetail(lease)).await?;
        let options = QueryMetricsOptions {
            list: false,
            cluster_ids: vec![PORTAL_CLUSTER.into()],
            backend_ids: Vec::new(),
            metric_names: Vec::new(),
            no_clusters: false,
            workers: true,
        };
        let query = RequestType::QueryMetrics(options);
        let name = request_name(&query);
        let content = self.call(query).await?.content.and_then(|content| content.content_type);
        let Some(ContentType::Metrics(metrics)) = content else {
            return Err(SozuError::Misunderstood { request: name });
        };
        let mut traffic: BTreeMap<String, Traffic> = BTreeMap::new();
        let clusters = metrics.workers.into_values().filter_map(|mut worker| worker.clusters.remove(PORTAL_CLUSTER));
        for backend in clusters.flat_map(|cluster| cluster.backends) {
            add(traffic.entry(backend.backend_id.clone()).or_default(), &backend);
        }
        Ok(traffic)
    }
}

fn add(sum: &mut Traffic, backend: &BackendMetrics) {
    let count = |name: &str| match backend.metrics.get(name) {
        Some(FilteredMetrics { inner: Some(Inner::Count(count)) }) => u64::try_from(*count).unwrap_or(0),
        Some(FilteredMetrics { inner: Some(Inner::Gauge(gauge)) }) => *gauge,
        _ => 0,
    };
    sum.requests += count("requests");
    sum.errors += count("http.status.5xx") + count("backend.connections.error");
    if let Some(FilteredMetrics { inner: Some(Inner::Percentiles(times)) }) =
        backend.metrics.get("backend_response_time")
    {
        // Percentiles of two workers cannot be combined, so the slower one is reported.
        (sum.p50_ms, sum.p99_ms) = (sum.p50_ms.max(times.p_50), sum.p99_ms.max(times.p_99));
    }
}
