"""What each field of a v1beta1 Experiment means; `[]` stands for any item of a list.

Meanings as Katib's code gives them (types.go, the defaulter, the validator, the services), in kgen's words.
"""

from kgen.model.node import FieldPath

MEANINGS = {
    "apiVersion": "The API and its version; Katib serves kubeflow.org/v1beta1 only.",
    "kind": "The kind of object.",
    "metadata": "Name, namespace, labels and annotations.",
    "metadata.name": "Name of the Experiment; its trials, their jobs and the suggestion's Service begin with it.",
    "metadata.namespace": "Namespace of the Experiment and its trials; it must carry Katib's injection label.",
    "metadata.labels": "Labels; Katib copies them to the Suggestion, to every Trial and over the labels of its pods.",
    "metadata.annotations": "Annotations; Katib copies them to the Suggestion and its Deployment.",
    "spec": "The search. Only the three counts can be edited once the Experiment exists.",
    "spec.objective": "What is optimised.",
    "spec.objective.type": "Whether the metric is made large (maximize) or small (minimize).",
    "spec.objective.goal": "The Experiment succeeds as soon as a trial reaches this value.",
    "spec.objective.objectiveMetricName": "The metric that decides which trial is best.",
    "spec.objective.additionalMetricNames": "Metrics that are recorded beside it.",
    "spec.objective.metricStrategies": "Which value of each metric's history counts.",
    "spec.objective.metricStrategies[].name": "The metric.",
    "spec.objective.metricStrategies[].value": "min, max or latest of all values that a trial reported.",
    "spec.algorithm": "The search algorithm.",
    "spec.algorithm.algorithmName": "Its name, as registered in the cluster's katib-config.",
    "spec.algorithm.algorithmSettings": "Its settings; the suggestion service judges them when it starts.",
    "spec.algorithm.algorithmSettings[].name": "Name of a setting.",
    "spec.algorithm.algorithmSettings[].value": "Its value, always text.",
    "spec.earlyStopping": "The algorithm that stops hopeless trials.",
    "spec.earlyStopping.algorithmName": "Its name; medianstop is the one that Katib brings.",
    "spec.earlyStopping.algorithmSettings": "Its settings.",
    "spec.earlyStopping.algorithmSettings[].name": "Name of a setting.",
    "spec.earlyStopping.algorithmSettings[].value": "Its value, always text.",
    "spec.parallelTrialCount": "Trials that run at the same time; editable. Lowering it deletes the newest trials.",
    "spec.maxTrialCount": "Trials in all, after which the Experiment has succeeded; editable.",
    "spec.maxFailedTrialCount": "Failed trials after which the Experiment fails; editable. Absent: never.",
    "spec.resumePolicy": "What is kept at the end, so that a larger maxTrialCount can go on.",
    "spec.parameters": "The search space.",
    "spec.parameters[].name": "Name of a parameter; trialParameters refer to it.",
    "spec.parameters[].parameterType": "double, int, discrete (numbers) or categorical (texts).",
    "spec.parameters[].feasibleSpace": "The values it can take.",
    "spec.parameters[].feasibleSpace.min": "Least value, as text.",
    "spec.parameters[].feasibleSpace.max": "Greatest value, as text.",
    "spec.parameters[].feasibleSpace.step": "Distance between values; each service reads it in its own way.",
    "spec.parameters[].feasibleSpace.list": "The values to choose from, as texts.",
    "spec.parameters[].feasibleSpace.distribution": "How values are drawn; some services ignore it. From Katib 0.18.",
    "spec.nasConfig": "The space of a neural architecture search, in place of parameters.",
    "spec.nasConfig.graphConfig": "The network's frame.",
    "spec.nasConfig.graphConfig.numLayers": "Number of layers.",
    "spec.nasConfig.graphConfig.inputSizes": "Dimensions of the input.",
    "spec.nasConfig.graphConfig.outputSizes": "Dimensions of the output.",
    "spec.nasConfig.operations": "Operations that a layer can be.",
    "spec.nasConfig.operations[].operationType": "Name of an operation.",
    "spec.nasConfig.operations[].parameters": "Its parameters, in the form of search parameters.",
    "spec.metricsCollectorSpec": "How metrics leave a trial.",
    "spec.metricsCollectorSpec.collector": "What collects them.",
    "spec.metricsCollectorSpec.collector.kind": "StdOut, File, TensorFlowEvent, PrometheusMetric, Custom or Push.",
    "spec.metricsCollectorSpec.collector.customCollector": "The container that collects them, for Custom.",
    "spec.metricsCollectorSpec.source": "Where they are found.",
    "spec.metricsCollectorSpec.source.fileSystemPath": "The file or folder that the trial writes.",
    "spec.metricsCollectorSpec.source.fileSystemPath.path": "Its absolute path; its folder becomes a volume.",
    "spec.metricsCollectorSpec.source.fileSystemPath.kind": "File or Directory.",
    "spec.metricsCollectorSpec.source.fileSystemPath.format": "TEXT, read by filters, or JSON, an object a line.",
    "spec.metricsCollectorSpec.source.filter": "How a line of text is read.",
    "spec.metricsCollectorSpec.source.filter.metricsFormat": "Expressions whose first two groups are name and value.",
    "spec.metricsCollectorSpec.source.httpGet": "Where PrometheusMetric asks for them.",
    "spec.trialTemplate": "What a trial runs.",
    "spec.trialTemplate.primaryContainerName": "The container that trains; its output is what is collected.",
    "spec.trialTemplate.primaryPodLabels": "Labels of the pods whose metrics are collected; absent: every pod.",
    "spec.trialTemplate.successCondition": "GJSON path over the live object; it holds when the trial has succeeded.",
    "spec.trialTemplate.failureCondition": "GJSON path over the live object; it holds when the trial has failed.",
    "spec.trialTemplate.retain": "Whether a trial's object stays when it has ended.",
    "spec.trialTemplate.trialParameters": "The placeholders of the template, and what fills each.",
    "spec.trialTemplate.trialParameters[].name": "Name of the placeholder ${trialParameters.NAME}.",
    "spec.trialTemplate.trialParameters[].reference": "The search parameter, or metadata of the trial, that fills it.",
    "spec.trialTemplate.trialParameters[].description": "What it is.",
    "spec.trialTemplate.trialSpec": "The object that is made for each trial, with its placeholders filled.",
    "spec.trialTemplate.configMap": "A ConfigMap of the cluster that holds the template.",
    "spec.trialTemplate.configMap.configMapName": "Its name.",
    "spec.trialTemplate.configMap.configMapNamespace": "Its namespace.",
    "spec.trialTemplate.configMap.templatePath": "Key of the entry in its data.",
}


# What stands in a pod template or a container, wherever the trial's kind keeps it.
IN_TRIAL = {
    "activeDeadlineSeconds": "Seconds after which it is stopped.",
    "affinity": "Rules on the nodes, and the company of other pods, that a pod wants.",
    "args": "Arguments of the command.",
    "backoffLimit": "How often a failed pod is replaced before the Job has failed; 6 if absent.",
    "cleanPodPolicy": "Which pods are deleted when the job has ended.",
    "command": "What the container runs; Katib wraps it in a shell to collect its output.",
    "emptyDir": "A volume that lives as long as the pod; with medium Memory it counts as memory.",
    "env": "Environment variables.",
    "envFrom": "ConfigMaps and Secrets whose entries become environment variables.",
    "image": "The container image.",
    "imagePullPolicy": "When the image is pulled: Always, IfNotPresent or Never.",
    "imagePullSecrets": "Secrets that images are pulled with; the metrics collector's image too.",
    "initContainers": "Containers that run first, one after the other.",
    "limits": "The most that the container may use.",
    "nodeSelector": "Labels that a node must have.",
    "numNodes": "Number of nodes that train.",
    "priorityClassName": "The pod's priority; the class must exist.",
    "replicas": "Number of pods of this type.",
    "requests": "What is set aside for the container.",
    "restartPolicy": "When a container that ended is started again.",
    "runtimeClassName": "The container runtime; the class must exist.",
    "runtimeRef": "The training runtime that the TrainJob runs in.",
    "securityContext": "User, group and privileges.",
    "serviceAccountName": "The ServiceAccount that pods run as.",
    "tolerations": "Taints of nodes that pods may run on all the same.",
    "ttlSecondsAfterFinished": "Seconds after which an ended job is deleted; Katib must have read its result.",
    "volumeMounts": "Where volumes appear in the container.",
    "volumes": "Volumes of the pod.",
    "kueue.x-k8s.io/queue-name": "Kueue's LocalQueue, which admits the job.",
    "sidecar.istio.io/inject": "Whether the pod gets an Istio sidecar; a classic one keeps a trial running for ever.",
}


def meaning(path: FieldPath) -> str:
    """Say what a field means: it or the nearest thing above it that has a meaning; "" for none."""
    steps = ["[]" if isinstance(step, int) else step for step in path]
    for end in range(len(steps), 0, -1):
        found = MEANINGS.get(".".join(steps[:end]).replace(".[]", "[]"))
        if found is None and steps[:3] == ["spec", "trialTemplate", "trialSpec"] and end > 3:
            found = IN_TRIAL.get(steps[end - 1])
        if found is not None:
            return found
    return ""
