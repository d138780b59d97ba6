"""HTTP and pages that no standard owns: interaction ids, problem details, paging, the base templates."""
